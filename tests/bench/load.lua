-- wrk's part of load.py. Arguments: get PATH…, or sign-up NUMBER, from which it counts.

local kind, pages, turn, number

function init(arguments)
  kind = arguments[1]
  if kind == "sign-up" then
    number = tonumber(arguments[2])
  else
    pages = {}
    for place = 2, #arguments do pages[place - 1] = wrk.format("GET", arguments[place]) end
  end
  turn = 0
end

-- Another address each time, and another network.
local function sign_up()
  number = number + 1
  local network = string.format("%d.%d.%d.7",
    11 + math.floor(number / 65536) % 100, math.floor(number / 256) % 256, number % 256)
  local form = "agreed_to_terms=true&terms_version=1&email=bench" .. number .. "%40example.com"
  local headers = {
    ["Content-Type"] = "application/x-www-form-urlencoded",
    ["Sec-Fetch-Site"] = "same-origin",
    ["X-Forwarded-For"] = network,
    ["X-Forwarded-Proto"] = "https",
    ["Host"] = wrk.headers["Host"],
  }
  return wrk.format("POST", "/newsletter/subscribe/", headers, form)
end

function request()
  if kind == "sign-up" then return sign_up() end
  turn = turn % #pages + 1
  return pages[turn]
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %f, "p50": %f, "p95": %f, "p99": %f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
