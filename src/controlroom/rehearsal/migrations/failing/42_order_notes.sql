-- migrate:up
ALTER TABLE orders ADD COLUMN note text NOT NULL;

-- migrate:down
ALTER TABLE orders DROP COLUMN note;
