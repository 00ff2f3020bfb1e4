-- Exchanges refresh tokens: a request takes the oldest of the pool, an answer puts a new one in.
-- Arguments: TEMPLATE POOL JOURNAL USED SHARE. JOURNAL gets each new token, in the order they went into the pool; USED are
-- tokens that were exchanged already, one of which is sent again, once, in so many requests: a replay.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
    local write, used, every = requests_of(args[1]), read_lines(args[4]), tonumber(args[5])
    local take, put, first = pool_of(args[2], args[3])
    local turn, is_begun = 0, false

    function request()
        if not is_begun then
            is_begun = true
            return write(first)
        end
        turn = turn + 1
        if every > 0 and turn % every == 0 and replayed < #used then
            replayed = replayed + 1
            return write(used[replayed])
        end
        return write(take())
    end

    function response(status, _, body)
        statuses[status] = (statuses[status] or 0) + 1
        if status == 200 then assert(put(body), "an answer has no refresh token") end
    end
end
