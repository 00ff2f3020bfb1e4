-- Exchanges each token of a file once, then ends.
-- Arguments: TEMPLATE TOKENS PAIRS IDLE. PAIRS gets, a line each, the access token and the refresh token of an answer; IDLE
-- is a request for the connections that have nothing left to do until all have been answered.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
    local write, tokens, idle = requests_of(args[1]), read_lines(args[2]), read_records(args[4])[1]
    local pairs_file, is_begun, answered = assert(io.open(args[3], "wb")), false, 0

    function request()
        if not is_begun then
            is_begun = true
            return write(tokens[1])
        end
        if taken == #tokens then return idle end
        taken = taken + 1
        return write(tokens[taken])
    end

    function response(status, _, body)
        statuses[status] = (statuses[status] or 0) + 1
        local refresh = refresh_token_of(body)
        -- The answer to an idle request has none.
        if status ~= 200 or refresh then answered = answered + 1 end
        if refresh then
            pairs_file:write(body:match('"access_token"%s*:%s*"([^"]+)"'), "\t", refresh, "\n")
        end
        if answered == #tokens then finish() end
    end
end
