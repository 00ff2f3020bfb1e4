-- Sends the requests of a file, one after the other and again from the first.
-- Arguments: FILE [ORDER [PATTERN]]. ORDER has a number a line, which request is next; PATTERN, a plain text, is counted
-- in the answers' bodies.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
    local texts = read_records(args[1])
    local order = args[2] and args[2] ~= "" and read_lines(args[2])
    if #texts == 1 then
        -- wrk makes it once and does not ask again.
        wrk.format = function() return texts[1] end
    else
        local all = #texts
        if order then
            for index, number in ipairs(order) do order[index] = texts[tonumber(number)] end
            texts, all = order, #order
        end
        local is_begun = false
        function request()
            -- The first one is only looked at.
            if not is_begun then
                is_begun = true
                return texts[1]
            end
            taken = taken + 1
            return texts[(taken - 1) % all + 1]
        end
    end
    local pattern = args[3]
    if pattern then
        function response(status, _, body)
            statuses[status] = (statuses[status] or 0) + 1
            if body:find(pattern, 1, true) then matched = matched + 1 end
        end
    end
end
