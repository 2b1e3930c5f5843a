-- Seconds between two chat messages of a player, as an admin has set them; NULL as long as none has.
ALTER TABLE server_identity ADD COLUMN slow_mode double precision CHECK (slow_mode >= 0);
