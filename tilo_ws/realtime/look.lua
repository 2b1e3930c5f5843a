-- KEYS: state. ARGV: epoch. Returns Redis's run; then, unless it has been started anew, the last number, the ceiling and the last
-- position of the log (number, then count after it).
local redis_run = redis.call('INFO', 'server'):match('run_id:(%x+)')
local kept = redis.call('HMGET', KEYS[1], 'run', 'seq', 'ceiling', 'last_seq', 'last_k')
if kept[1] ~= redis_run .. ':' .. ARGV[1] then
  return {redis_run}
end
return {redis_run, kept[2], kept[3], kept[4], kept[5]}
