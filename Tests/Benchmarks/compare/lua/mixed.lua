-- Several kinds of requests by turns; refresh tokens go back into the pool, those of new logins too.
-- Arguments: FILE ORDER TEMPLATE POOL JOURNAL. ORDER has a number a line, which request of FILE is next, 0 for a refresh;
-- JOURNAL gets each new token.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
    local texts, order = read_records(args[1]), read_lines(args[2])
    local write, take, put = requests_of(args[3]), pool_of(args[4], args[5])
    local turn, is_begun = 0, false
    for index, number in ipairs(order) do order[index] = texts[tonumber(number)] or false end

    function request()
        if not is_begun then
            -- The first one is only looked at.
            is_begun = true
            return texts[1]
        end
        turn = turn % #order + 1
        if order[turn] then return order[turn] end
        return write(take())
    end

    function response(status, _, body)
        statuses[status] = (statuses[status] or 0) + 1
        if status == 200 then put(body) end
    end
end
