-- 折扣审批：上限以内自动同意，超出越多，批的人越高；到期没人批就是不批。

local function request(t, rate)
  t:clock("2026-11-24T02:00:00Z")
  local boss = t:as("director")
  local channel = boss:form("channel"):create{
    name = "折扣渠道", kind = "agent", manager = t:member("channel_manager"), discount_ceiling = 0.1}
  local agent = boss:form("agent"):create{name = "折扣代表", user = t:member("channel_rep"), channel = channel._id}
  local deal = boss:form("opportunity"):create{name = "折扣商机", stage = "Engaging", agent = agent._id}
  return t:as("channel_rep"):form("discount"):create{
    opportunity = deal._id, channel = channel._id, list = 100000, rate = rate, reason = "对手报价更低"}
end

local function state(t, made)
  local now = t:as("director"):form("discount"):get(made._id)
  return {now._state, now.status}
end

return {
  ["上限以内自动同意"] = function(t)
    t:expect(state(t, request(t, 0.1)), {"approved", "granted"})
  end,

  ["超出五个点以内由渠道经理批，可以改小"] = function(t)
    local made = request(t, 0.14)
    t:as("channel_manager"):task("manager"):approve{values = {rate = 0.12}}
    t:expect(state(t, made), {"approved", "granted"})
    t:expect(t:as("channel_rep"):form("discount"):get(made._id).net, 88000)
  end,

  ["超出十个点以内由总监批"] = function(t)
    local made = request(t, 0.18)
    t:as("director"):task("director"):approve{}
    t:expect(state(t, made), {"approved", "granted"})
  end,

  ["再多由总监与财务会签"] = function(t)
    local made = request(t, 0.3)
    t:as("director"):task("both"):approve{}
    t:expect(state(t, made), {"running", "asked"})
    t:as("finance"):task("both"):approve{}
    t:expect(state(t, made), {"approved", "granted"})
  end,

  ["到期先提醒，再过一个工作日就是不批"] = function(t)
    local made = request(t, 0.14)
    t:clock("2026-11-25T02:00:01Z")
    t:expect(t:run_jobs(), 1)
    t:expect(state(t, made), {"running", "asked"})
    t:clock("2026-11-26T02:00:01Z")
    t:run_jobs()
    t:expect(state(t, made), {"rejected", "asked"})
  end,
}
