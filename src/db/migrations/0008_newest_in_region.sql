-- A page of an account's newest images of one region is read from it in order, whatever its other regions hold. Without it, and
-- before the table was analyzed, the planner sorts all that `images_name` finds.
CREATE INDEX images_newest_in_region ON images (account, region, created_at DESC, id DESC);
