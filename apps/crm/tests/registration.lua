-- 报备：提交、审批、保护期；两个渠道报备同一客户时立案。

local function channels(t)
  local boss = t:as("director")
  local rep, manager = t:member("channel_rep"), t:member("channel_manager")
  local a = boss:form("channel"):create{name = "甲渠道", kind = "agent", manager = manager}
  local b = boss:form("channel"):create{name = "乙渠道", kind = "dealer", manager = manager}
  boss:form("agent"):create{name = "甲代表", user = rep, channel = a._id}
  boss:form("agent"):create{name = "乙代表", user = rep, channel = b._id}
  local product = boss:form("product"):create{name = "测试产品", price = 1000}
  return a, b, product
end

local function submit(t, channel, product, more)
  local values = {
    channel = channel._id, company = "海川精密", expected_close = "2027-03-01", evidence = "11 月 2 日拜访采购部",
    items = {{product = product._id, qty = 2, price = 1000}},
  }
  for key, value in pairs(more or {}) do values[key] = value end
  return t:as("channel_rep"):form("registration"):create(values)
end

return {
  ["提交后由渠道经理批准，进入 90 天保护期"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, _, product = channels(t)
    local made = submit(t, a, product)
    t:expect(made.amount, 2000)
    t:expect(made._state, "running")
    t:as("channel_manager"):task("manager"):approve{}
    local done = t:as("director"):form("registration"):get(made._id)
    t:expect(done._state, "approved")
    t:expect(done.status, "protected")
    t:expect(done.protect_from, "2026-11-24")
    t:expect(done.protect_until, "2027-02-22")
  end,

  ["大额报备还要总监会签"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, _, product = channels(t)
    local made = submit(t, a, product, {items = {{product = product._id, qty = 2000, price = 1000}}})
    t:as("channel_manager"):task("manager"):approve{}
    t:expect(t:as("director"):form("registration"):get(made._id)._state, "running")
    t:as("director"):task("director"):approve{}
    t:expect(t:as("director"):form("registration"):get(made._id).status, "protected")
  end,

  ["驳回要写意见，驳回后不受保护"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, _, product = channels(t)
    local made = submit(t, a, product)
    t:fails(function() t:as("channel_manager"):task("manager"):reject{} end)
    t:as("channel_manager"):task("manager"):reject{comment = "客户已由直销跟进"}
    local done = t:as("director"):form("registration"):get(made._id)
    t:expect(done._state, "rejected")
    t:expect(done.status, "pending")
  end,

  ["两个渠道报备同名客户，自动立案"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, b, product = channels(t)
    submit(t, a, product)
    local second = submit(t, b, product, {company = "海川 精密"})
    local boss = t:as("director")
    local cases = boss:form("conflict"):find{where = {company = "海川精密"}}
    t:expect(#cases, 1)
    local case = boss:form("conflict"):get(cases[1]._id)
    t:expect(case.type, "dup_reg")
    t:expect(case.found_by, "rule")
    t:expect(#case.parties, 2)
    t:expect(case.parties[1].side, "first")
    t:expect(case.parties[1].channel, a._id)
    t:expect(case.parties[2].channel, b._id)
    t:expect(case.amount, 2000)
    t:expect(boss:form("registration"):get(second._id).conflicts, 1)
  end,

  ["电话相同也立案，同一渠道再报不立案"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, b, product = channels(t)
    submit(t, a, product, {company = "甲公司", phone = "13800001111"})
    submit(t, a, product, {company = "甲公司"})
    local boss = t:as("director")
    t:expect(boss:form("conflict"):count{where = {company = "甲公司"}}, 0)
    submit(t, b, product, {company = "名称不同", phone = "138 0000 1111"})
    t:expect(boss:form("conflict"):count{where = {company = "甲公司"}}, 1)
  end,

  ["信用代码相同也立案，第三家加入同一案件"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, b, product = channels(t)
    local boss = t:as("director")
    local c = boss:form("channel"):create{name = "丙渠道", kind = "agent", manager = t:member("channel_manager")}
    boss:form("agent"):create{name = "丙代表", user = t:member("channel_rep"), channel = c._id}
    submit(t, a, product, {company = "乙公司", credit_code = "91310000MA1K30000X"})
    submit(t, b, product, {company = "乙公司上海", credit_code = "91310000ma1k30000x"})
    submit(t, c, product, {company = "乙公司"})
    boss = t:as("director")
    local cases = boss:form("conflict"):find{where = {company = "乙公司"}}
    t:expect(#cases, 1)
    t:expect(#boss:form("conflict"):get(cases[1]._id).parties, 3)
  end,

  ["结案以后再撞单，另立新案"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, b, product = channels(t)
    submit(t, a, product)
    submit(t, b, product)
    local boss = t:as("director")
    local first = boss:form("conflict"):find{where = {company = "海川精密"}}[1]
    boss:form("conflict"):update(first._id, {stage = "ruling", decision = "keep", reason = "甲方在先", root_cause = "rule"})
    boss:form("conflict"):update(first._id, {stage = "closed"})
    submit(t, b, product)
    t:expect(t:as("director"):form("conflict"):count{where = {company = "海川精密"}}, 2)
  end,

  ["离签约太近的报备被拒"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, _, product = channels(t)
    t:fails(function() submit(t, a, product, {expected_close = "2026-11-30"}) end)
  end,

  ["渠道经理可以代录自己管理的渠道，总监不能提交"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, _, product = channels(t)
    local values = {
      channel = a._id, company = "代录公司", expected_close = "2027-03-01", evidence = "渠道来电请求代录",
      items = {{product = product._id, qty = 1, price = 1000}},
    }
    t:expect(t:as("channel_manager"):form("registration"):create(values)._state, "running")
    t:fails(function() t:as("director"):form("registration"):create(values) end, "not_allowed")
  end,

  ["不能替别的渠道报备"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local _, _, product = channels(t)
    local other = t:as("director"):form("channel"):create{name = "外渠道", kind = "agent"}
    t:fails(function() submit(t, other, product) end)
  end,
}
