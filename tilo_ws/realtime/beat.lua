-- A server says that it lives and hears of the others.
-- KEYS: what servers say of themselves, when each said so last.
-- ARGV: id, what it says, seconds until a silent server is dead, ids of dead ones that are taken off the list.
-- Answers the time as text, how old its last beat is in ms, -1 where it was not listed, and what each said with its age. A clock of Redis that was
-- set back makes beats as old as they seem too young.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
for i = 4, #ARGV do
  local beat = redis.call('ZSCORE', KEYS[2], ARGV[i])
  if beat and math.abs(now - beat) >= tonumber(ARGV[3]) then  -- else it lives again
    redis.call('HDEL', KEYS[1], ARGV[i])
    redis.call('ZREM', KEYS[2], ARGV[i])
  end
end
local last = redis.call('ZSCORE', KEYS[2], ARGV[1])
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
local servers = {}
local beats = redis.call('ZRANGE', KEYS[2], 0, -1, 'WITHSCORES')
for i = 1, #beats, 2 do
  local said = redis.call('HGET', KEYS[1], beats[i])
  if said then
    servers[#servers + 1] = {said, math.floor(math.abs(now - beats[i + 1]) * 1000)}
  end
end
return {string.format('%.3f', now), last and math.floor(math.abs(now - last) * 1000) or -1, servers}
