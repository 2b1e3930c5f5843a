-- Adds a block of numbers that were never used. After a start of Redis, whatever it has kept, and where other numbers were
-- used meanwhile, they go on with this block.
-- KEYS: state, log, the known ids by number, the last number at some times, whose turn it is to reserve numbers, which is over now.
-- ARGV: epoch, first and last number, payload of the entry that says so, Redis's run when they were reserved, the server.
-- Returns the last number that is used and the ceiling; nothing where the block may be older than numbers in use.
local state, log = KEYS[1], KEYS[2]
if redis.call('GET', KEYS[5]) == ARGV[6] then
  redis.call('DEL', KEYS[5])
end
local redis_run = redis.call('INFO', 'server'):match('run_id:(%x+)')
if ARGV[5] ~= '' and ARGV[5] ~= redis_run then
  return {}
end
local run = redis_run .. ':' .. ARGV[1]
local kept = redis.call('HMGET', state, 'run', 'seq', 'k', 'ceiling', 'last_seq', 'last_k')
local first, last = tonumber(ARGV[2]), tonumber(ARGV[3])
local seq, k, ceiling = tonumber(kept[2] or 0), tonumber(kept[3] or 0), tonumber(kept[4] or 0)
local last_seq, last_k = tonumber(kept[5] or 0), tonumber(kept[6] or 0)

local function keep()
  local numbers = {seq, k, ceiling, last_seq, last_k}
  for i, number in ipairs(numbers) do
    numbers[i] = string.format('%.0f', number)
  end
  redis.call('HSET', state, 'run', run, 'seq', numbers[1], 'k', numbers[2], 'ceiling', numbers[3],
    'last_seq', numbers[4], 'last_k', numbers[5])
  return {numbers[1], numbers[3]}
end

local function begin()
  k = seq == first - 1 and k + 1 or 1
  seq, ceiling = first - 1, last
  local pack = cmsgpack.pack
  local record = '\149' .. pack(last_seq) .. pack(last_k) .. pack(seq) .. pack(k) .. ARGV[4]
  redis.call('XADD', log, string.format('%.0f-%.0f', seq, k), 'r', record)
  redis.call('SPUBLISH', log, '\145' .. record)
  last_seq, last_k = seq, k
end

if kept[1] ~= run then
  if (kept[1] or ''):match(':(.*)') ~= ARGV[1] then
    -- Another database: nothing that is kept here belongs to it.
    redis.call('DEL', log, KEYS[3], KEYS[4])
    k, last_seq, last_k = 0, 0, 0
  elseif first <= seq then
    return {}
  end
  begin()
elseif first > ceiling + 1 then
  -- What lies between was reserved by a server that was alone, and may be used.
  begin()
elseif last > ceiling then
  ceiling = last
end
return keep()
