-- Exchanges refresh tokens: a request takes the oldest of the pool, an answer puts a new one in.
-- Arguments: TEMPLATE POOL JOURNAL USED SHARE. JOURNAL gets each new token, in the order they went into the pool; USED are
-- tokens that were exchanged already, one of which is sent again, once, in so many requests: a replay.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
    local write, pool, used = requests_of(args[1]), read_lines(args[2]), read_lines(args[4])
    local journal = assert(io.open(args[3], "wb"))
    local newest, every, turn, is_begun = #pool, tonumber(args[5]), 0, false

    function request()
        if not is_begun then
            is_begun = true
            return write(pool[1])
        end
        turn = turn + 1
        if every > 0 and turn % every == 0 and replayed < #used then
            replayed = replayed + 1
            return write(used[replayed])
        end
        if taken < newest then taken = taken + 1 end
        local token = pool[taken]
        return write(token)
    end

    function response(status, _, body)
        statuses[status] = (statuses[status] or 0) + 1
        if status == 200 then
            local token = body:match('"refresh_token"%s*:%s*"([^"]+)"')
            newest = newest + 1
            pool[newest] = token
            journal:write(token, "\n")
        end
    end
end
