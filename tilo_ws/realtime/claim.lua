-- KEYS: the claim under which joined servers hold the lease. ARGV: one to take where there is none. Answers the one that is held.
local held = redis.call('GET', KEYS[1])
if held then
  return held
end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1]
