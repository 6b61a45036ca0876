"""What each department writes down, true to what it knows; errors come later.

A view is called with (office, source, day, day of the delivery before) and gives the extract of that day.
"""

from sample_city.views import civil, education, health, insurance, land, market, police

VIEWS = {
    "psb_residents_full": police.residents_full,
    "psb_residents_delta": police.residents_delta,
    "psb_floating": police.floating,
    "hc_births": health.births,
    "hc_deaths": health.deaths,
    "hc_health_index": health.health_index,
    "ca_cremations": civil.cremations,
    "ca_marriages": civil.marriages,
    "ca_assistance": civil.poor_relief,
    "dpf_assistance": civil.disability,
    "hsa_insurance": insurance.health_insurance,
    "hrss_insurance": insurance.social_insurance,
    "edu_enrolments": education.enrolments,
    "amr_registrations": market.registrations,
    "amr_registrations_delta": market.registrations,
    "amr_org_codes": market.org_codes,
    "amr_annual_reports": market.annual_reports,
    "amr_inspections": market.inspections,
    "tax_monthly": market.tax,
    "hrss_employment": market.employment,
    "org_register": market.organisations,
    "stat_divisions": land.divisions,
    "nr_boundaries": land.boundaries,
    "nr_boundaries_gcj02": land.boundaries,
    "nr_addresses": land.addresses,
    "nr_buildings": land.buildings,
    "plc_grids": land.grids,
    "um_unit_grids": land.unit_grids,
}
