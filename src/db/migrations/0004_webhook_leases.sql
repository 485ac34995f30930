-- A webhook has one delivery on its way at a time, however many servers deliver: until then it is the one that took it.
ALTER TABLE webhooks ADD COLUMN busy_until bigint NOT NULL DEFAULT 0;
