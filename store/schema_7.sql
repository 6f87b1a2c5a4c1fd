-- From schema version 6 to 7: sums of a service's calls beside the calls themselves. Only store/ledger_services.c writes here.
-- service: hash of its name. calls: how many rows of telemetry the hour has of it; what was stored before is not among them.
CREATE TABLE service_hour(
    hour INTEGER NOT NULL, service INTEGER NOT NULL, calls INTEGER NOT NULL,
    PRIMARY KEY(hour, service)) WITHOUT ROWID;
-- Rows of metrics, which count only where no call of their service is near.
CREATE TABLE service_metric(
    hour INTEGER NOT NULL, service INTEGER NOT NULL, key INTEGER NOT NULL,
    PRIMARY KEY(hour, service, key)) WITHOUT ROWID;
