-- KEYS: state. ARGV: epoch. Returns the last number, the ceiling and the last position of the log (number, then count after
-- it); nothing where Redis has been started anew.
local run = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':' .. ARGV[1]
local kept = redis.call('HMGET', KEYS[1], 'run', 'seq', 'ceiling', 'last_seq', 'last_k')
if kept[1] ~= run then
  return {}
end
return {kept[2], kept[3], kept[4], kept[5]}
