-- Notes how many of something a server has, unless all servers together then had too many. Dead servers do not count.
-- KEYS: the numbers by server, the servers' last beats. ARGV: server, its number, the limit (none where it is empty), seconds until a
-- silent server is dead, seconds that all of it is kept.
-- Answers whether it was noted.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local numbers = redis.call('HGETALL', KEYS[1])
local others = 0
for i = 1, #numbers, 2 do
  if numbers[i] ~= ARGV[1] then
    local beat = redis.call('ZSCORE', KEYS[2], numbers[i])
    if beat and math.abs(now - beat) < tonumber(ARGV[4]) then
      others = others + numbers[i + 1]
    else
      redis.call('HDEL', KEYS[1], numbers[i])
    end
  end
end
if ARGV[3] ~= '' and others + ARGV[2] > tonumber(ARGV[3]) then
  return 0
end
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end
return 1
