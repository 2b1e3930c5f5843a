-- Notes how many of something a server has, unless all servers together then had too many. Dead servers do not count.
-- KEYS: number and time by server, the servers' last beats. ARGV: server, its number, the limit (none where it is empty), seconds
-- until a silent server is dead, seconds that all of it is kept.
-- Answers whether it was noted.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000
local notes = redis.call('HGETALL', KEYS[1])
local others = 0
for i = 1, #notes, 2 do
  if notes[i] ~= ARGV[1] then
    local number, noted_at = notes[i + 1]:match('(%d+) (%d+)')
    local beat = redis.call('ZSCORE', KEYS[2], notes[i])
    if beat and math.abs(now - beat) < tonumber(ARGV[4]) then
      others = others + number
    elseif math.abs(now - noted_at) > 60 then  -- else it may only be about to beat, where Redis came back empty
      redis.call('HDEL', KEYS[1], notes[i])
    end
  end
end
if ARGV[3] ~= '' and others + ARGV[2] > tonumber(ARGV[3]) then
  return 0
end
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], ARGV[1])
else
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. time[1])
  redis.call('EXPIRE', KEYS[1], ARGV[5])
end
return 1
