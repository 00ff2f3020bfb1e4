-- Sends a request, waits so many milliseconds after its answer, and so on; no more on a connection than that.
-- Arguments: FILE MILLISECONDS.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")

function init(args)
    local text, pause = read_records(args[1])[1], tonumber(args[2])
    wrk.format = function() return text end
    function delay() return pause end
    function response(status) statuses[status] = (statuses[status] or 0) + 1 end
end
