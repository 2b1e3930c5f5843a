-- Takes one attempt from each of some limits, or none where one of them is used up.
--
-- KEYS: the limits. ARGV: for each the seconds after which an attempt comes back, and how many there are at once.
-- Answers, as text, the seconds until there is one of each, and how many are left of the scarcest.
local time = redis.call('TIME')
local now = time[1] + time[2] / 1000000

local wait, left, full_at = 0, math.huge, {}
for number, key in ipairs(KEYS) do
    local seconds, burst = tonumber(ARGV[2 * number - 1]), tonumber(ARGV[2 * number])
    full_at[number] = math.max(tonumber(redis.call('GET', key) or now), now) + seconds
    wait = math.max(wait, full_at[number] - now - seconds * burst)
    left = math.min(left, math.floor(burst - (full_at[number] - now) / seconds + 0.000001))
end
if wait > 0.000001 then
    return {string.format('%.6f', wait), '0'}
end
for number, key in ipairs(KEYS) do
    redis.call('SET', key, string.format('%.6f', full_at[number]), 'PX', math.ceil((full_at[number] - now) * 1000))
end
return {'0', tostring(left)}
