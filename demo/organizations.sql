-- Twelve organisations; `near` says who stands near an end there beside the cast.

create temp table company on commit drop as
select company.*, greatest(1, staff / 25) as heads, sum(staff) over (order by staff desc) - staff as hired_before
from (values
    ('acme-logistics', 'Acme Logistics', 'ACTIVE', 'ENTERPRISE', 1320, 'all steps'),
    ('globex-energy', 'Globex Energy', 'ACTIVE', 'GOV_CLOUD', 860, 'all steps'),
    ('northwind-health', 'Northwind Health', 'ACTIVE', 'ENTERPRISE', 640, 'all steps'),
    ('initech-banking', 'Initech Banking', 'ACTIVE', 'ENTERPRISE', 520, 'all steps'),
    ('umbra-insurance', 'Umbra Insurance', 'ACTIVE', 'PRO', 400, 'all steps'),
    ('kestrel-aviation', 'Kestrel Aviation', 'ACTIVE', 'PRO', 310, 'early steps'),
    ('brightwater-utilities', 'Brightwater Utilities', 'ACTIVE', 'PRO', 260, 'early steps'),
    ('orchid-biotech', 'Orchid Biotech', 'ACTIVE', 'PRO', 220, 'early steps'),
    ('vantage-retail', 'Vantage Retail', 'SUSPENDED', 'PRO', 180, 'cast only'),
    ('halden-rail', 'Halden Rail', 'ACTIVE', 'PRO', 140, 'early steps'),
    ('meridian-legal', 'Meridian Legal', 'ACTIVE', 'FREE', 80, 'nobody'),
    ('tidewater-museum', 'Tidewater Museum', 'DEACTIVATED', 'FREE', 20, 'cast only')
) as company (slug, name, status, plan, staff, near);

insert into organizations
select pg_temp.id('organization', slug), name, slug, status::organizationstatus, plan::plantype, staff * 2, 365,
       '["SOC2", "ISO27001"]', 'it@' || slug || '.example', pg_temp.in_days(-900), pg_temp.in_days(-20)
from company;
