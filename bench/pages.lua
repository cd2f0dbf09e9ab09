-- SPDX-License-Identifier: GPL-3.0-or-later
-- For wrk: a session and, where MODE is "record", a record at random for each request. LOAD names the folder that bench-serve wrote.
local sessions, records = {}, {}
local mode, load = os.getenv("MODE"), os.getenv("LOAD")
for line in io.lines(load .. "/sessions") do
  if #sessions < 1000 then sessions[#sessions + 1] = line:match("^(%S+)") end
end
local n = 0
for line in io.lines(load .. "/records") do
  n = n + 1      -- of each pair the first is CONFIDENTIAL: its reading is journalled
  if mode ~= "record-plain" and n % 2 == 1 or mode == "record-plain" and n % 2 == 0 then records[#records + 1] = line end
end
local seed = 0
function setup(thread) seed = seed + 1; thread:set("seed", seed) end
function init() math.randomseed(seed * 7919) end
local headers = {}
function request()
  headers["Cookie"] = sessions[math.random(#sessions)]
  local path = mode == "page" and "/bench" or mode == "list" and "/instruction" or records[math.random(#records)]
  return wrk.format("GET", path, headers)
end
local wrong = 0
function response(status) if status ~= 200 then wrong = wrong + 1; if wrong < 3 then io.stderr:write("status ", status, "\n") end end end
