"""What a field means, domain by domain: names, amounts and addresses taken apart. Arrow columns in, Arrow columns out."""
