-- Numbers, keeps and publishes a batch of entries in one step.
-- KEYS: state, log, the known ids by number, the last number at some times, then those of limits.
-- ARGV: epoch, seconds that an id is known, how many are at most, msgpack of [[id, is it chat, [[key, interval, burst], ...]], ...],
-- payloads.
-- Returns the last number and the ceiling, then an outcome for each entry; nothing where Redis has been started anew.
local state, log, ids, marks = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local run = redis.call('INFO', 'server'):match('run_id:(%x+)') .. ':' .. ARGV[1]
local kept = redis.call('HMGET', state, 'run', 'seq', 'k', 'ceiling', 'last_seq', 'last_k', 'marked_at')
if kept[1] ~= run then
  return {}
end
local seq, k, ceiling = tonumber(kept[2]), tonumber(kept[3]), tonumber(kept[4])
local last_seq, last_k = tonumber(kept[5]), tonumber(kept[6])
local pack = cmsgpack.pack
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local records = {}

-- The generic cell rate algorithm, in microseconds: returns how long to wait, or counts the entry and returns 0.
local function take(limits)
  local arrivals = {}
  for i, limit in ipairs(limits) do
    local arrival = math.max(tonumber(redis.call('GET', limit[1]) or 0), now) + limit[2]
    local wait = arrival - limit[2] * limit[3] - now
    if wait > 0 then
      return wait
    end
    arrivals[i] = arrival
  end
  for i, limit in ipairs(limits) do
    redis.call('SET', limit[1], string.format('%.0f', arrivals[i]), 'PX', math.ceil((arrivals[i] - now) / 1000))
  end
  return 0
end

local function append(payload)
  local record = '\149' .. pack(last_seq) .. pack(last_k) .. pack(seq) .. pack(k) .. payload
  redis.call('XADD', log, string.format('%.0f-%.0f', seq, k), 'r', record)
  records[#records + 1] = record
  last_seq, last_k = seq, k
end

-- Ids are forgotten by their numbers: a mark tells which was the last at a time.
local function forget_ids()
  local memory = ARGV[2] * 1000000
  redis.call('ZREMRANGEBYRANK', ids, 0, -ARGV[3] - 1)
  if math.abs(now - tonumber(kept[7] or 0)) < memory / 20 then
    return
  end
  local due = string.format('%.0f', now - memory)
  local past = redis.call('ZREVRANGEBYSCORE', marks, due, '-inf', 'LIMIT', 0, 1)
  if past[1] then
    redis.call('ZREMRANGEBYSCORE', ids, '-inf', past[1])
    redis.call('ZREMRANGEBYSCORE', marks, '-inf', due)
  end
  local at = string.format('%.0f', now)
  redis.call('ZADD', marks, at, string.format('%.0f', seq))
  redis.call('HSET', state, 'marked_at', at)
  for _, key in ipairs({ids, marks}) do
    redis.call('EXPIRE', key, 2 * ARGV[2])
  end
end

local outcomes = {'', string.format('%.0f', ceiling)}
for i, entry in ipairs(cmsgpack.unpack(ARGV[4])) do
  local id, is_chat, outcome = entry[1], entry[2], {'taken'}
  local first = redis.call('ZSCORE', ids, id)
  if first then
    outcome = {'known', tonumber(first)}
  elseif not is_chat then
    k = k + 1
    redis.call('ZADD', ids, string.format('%.0f', seq), id)
    append(ARGV[4 + i])
  elseif seq >= ceiling then
    outcome = {'no number'}
  else
    local wait = take(entry[3])
    if wait > 0 then
      outcome = {'wait', math.ceil(wait / 1000)}
    else
      seq, k = seq + 1, 0
      redis.call('ZADD', ids, string.format('%.0f', seq), id)
      append(ARGV[4 + i])
    end
  end
  outcomes[i + 2] = outcome
end
outcomes[1] = string.format('%.0f', seq)
if #records > 0 then
  forget_ids()
  local numbers = {seq, k, last_seq, last_k}
  for i, number in ipairs(numbers) do
    numbers[i] = string.format('%.0f', number)
  end
  redis.call('HSET', state, 'seq', numbers[1], 'k', numbers[2], 'last_seq', numbers[3], 'last_k', numbers[4])
  redis.call('SPUBLISH', log, '\220' .. string.char(math.floor(#records / 256), #records % 256) .. table.concat(records))
end
return outcomes
