#!/bin/sh
# First start of PostgreSQL: one database and one account each for Superset and MLflow.
set -eu
for name in superset mlflow; do
    case $name in superset) password=${SUPERSET_DB_PASSWORD:?} ;; mlflow) password=${MLFLOW_DB_PASSWORD:?} ;; esac
    psql --username "${POSTGRES_USER:-postgres}" --dbname postgres --set ON_ERROR_STOP=1 \
        --set name="$name" --set password="$password" <<-'SQL'
	create role :"name" login password :'password';
	create database :"name" owner :"name" encoding 'UTF8' template template0;
	revoke connect on database :"name" from public;
	SQL
done
