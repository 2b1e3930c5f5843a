-- Joins the ranking that all servers have together with what one server knows, and answers what has changed.
--
-- KEYS: the members by score; their rows; edition and version.
-- ARGV: how many are kept; the edition and version that the server knows; the edition to begin, or nothing;
-- then for each row: member, negated score (so that equals are in the order of their names), row in MessagePack, whose third to
-- fifth field only rise.
-- Answers [edition] where the server's edition is over or there is none: nothing was taken. Else [edition, version], and with
-- another version all rows, the best first.
local members, rows, state = KEYS[1], KEYS[2], KEYS[3]
local kept, known_edition, known_version, new_edition = tonumber(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]

local edition = redis.call('HGET', state, 'edition') or ''
if new_edition ~= '' then
    edition = new_edition
    redis.call('DEL', members, rows)
    redis.call('HSET', state, 'edition', edition, 'version', 0)
elseif edition == '' or edition ~= known_edition then
    return {edition}
end

local function is_better(packed, known)
    local one, other = cmsgpack.unpack(packed), cmsgpack.unpack(known)
    for field = 3, 5 do
        if one[field] ~= other[field] then
            return one[field] > other[field]
        end
    end
    return false
end

local has_changed = false
for first = 5, #ARGV, 3 do
    local member, score, packed = ARGV[first], ARGV[first + 1], ARGV[first + 2]
    local known = redis.call('HGET', rows, member)
    if not known or is_better(packed, known) then
        redis.call('ZADD', members, score, member)
        redis.call('HSET', rows, member, packed)
        has_changed = true
    end
end
for _, member in ipairs(redis.call('ZRANGE', members, kept, -1)) do
    redis.call('ZREM', members, member)
    redis.call('HDEL', rows, member)
end

local version = redis.call('HINCRBY', state, 'version', has_changed and 1 or 0)
if tostring(version) == known_version then
    return {edition, version}
end
local best = {}
for place, member in ipairs(redis.call('ZRANGE', members, 0, -1)) do
    best[place] = redis.call('HGET', rows, member)
end
return {edition, version, best}
