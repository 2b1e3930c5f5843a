-- A server that ends takes itself off the list. Answers how many others live.
-- KEYS: what servers say of themselves, when each said so last. ARGV: id, seconds until a silent server is dead.
redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return redis.call('ZCOUNT', KEYS[2], redis.call('TIME')[1] - ARGV[2], '+inf')
