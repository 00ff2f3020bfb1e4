-- What all scripts share: reading files of records, and the line of JSON that compare/wrk.py reads at the end.
local threads = {}

function setup(thread) table.insert(threads, thread) end

-- A file of records, each its length on a line of its own and so many bytes.
function read_records(path)
    local file, records = assert(io.open(path, "rb")), {}
    for length in function() return file:read("*l") end do
        records[#records + 1] = file:read(tonumber(length))
    end
    file:close()
    return records
end

-- A file of one text a line.
function read_lines(path)
    local lines = {}
    for line in io.lines(path) do lines[#lines + 1] = line end
    return lines
end

local function parts(text)
    local found, from = {}, 1
    while true do
        local first, last = text:find("@token@", from, true)
        if not first then break end
        found[#found + 1] = text:sub(from, first - 1)
        from = last + 1
    end
    found[#found + 1] = text:sub(from)
    return found
end

-- A function that writes the request of a template, which is a record of the head and one of the body, for a token.
function requests_of(path)
    local records = read_records(path)
    local head, body = parts(records[1]), parts(records[2])
    return function(token)
        local payload = table.concat(body, token)
        return table.concat(head, token) .. "Content-Length: " .. #payload .. "\r\n\r\n" .. payload
    end
end

-- The refresh token of an answer, nil where it has none.
function refresh_token_of(body) return body:match('"refresh_token"%s*:%s*"([^"]+)"') end

-- Refresh tokens of a file, each in turn: a function that takes the oldest, one that puts an answer's to the end and into the
-- journal, and the first of them. When none is left the last one is taken again.
function pool_of(path, journal_path)
    local pool, journal = read_lines(path), assert(io.open(journal_path, "wb"))
    local newest = #pool

    local function take()
        if taken < newest then taken = taken + 1 end
        return pool[taken]
    end

    local function put(body)
        local token = refresh_token_of(body)
        if token then
            newest = newest + 1
            pool[newest] = token
            journal:write(token, "\n")
        end
        return token
    end

    return take, put, pool[1]
end

-- Globals that scripts count in; the table has the answers by status.
taken, replayed, matched, statuses = 0, 0, 0, {}

local function numbers(by_status)
    local written = {}
    for status, count in pairs(by_status) do written[#written + 1] = string.format('"%d":%d', status, count) end
    return table.concat(written, ",")
end

local function tell(figures, by_status)
    local written = {}
    for name, value in pairs(figures) do written[#written + 1] = string.format('"%s":%d', name, value) end
    io.write("JSON {", table.concat(written, ","), ',"statuses":{', numbers(by_status), "}}\n")
end

function done(summary, latency)
    local figures, by_status = { taken = 0, replayed = 0, matched = 0 }, {}
    for _, thread in ipairs(threads) do
        for name in pairs(figures) do figures[name] = figures[name] + (thread:get(name) or 0) end
        for status, count in pairs(thread:get("statuses") or {}) do
            by_status[status] = (by_status[status] or 0) + count
        end
    end
    figures.requests, figures.microseconds = summary.requests, summary.duration
    figures.p50, figures.p99, figures.p999 = latency:percentile(50), latency:percentile(99), latency:percentile(99.9)
    for name, count in pairs(summary.errors) do figures[name] = count end
    tell(figures, by_status)
end

-- Ends wrk before its time, which only the whole process can: its main thread sleeps through it.
function finish()
    local requests = 0
    for _, count in pairs(statuses) do requests = requests + count end
    tell({ requests = requests, taken = taken }, statuses)
    os.exit(0)
end
