-- 权限：本人、本渠道、公海、所管、敏感字段、成本。

-- 两个渠道，代表只属于甲渠道。
local function world(t)
  local boss = t:as("director")
  local rep, manager = t:member("channel_rep"), t:member("channel_manager")
  local a = boss:form("channel"):create{name = "甲渠道", kind = "agent", manager = manager, phone = "13800138000", credit = 5000}
  local b = boss:form("channel"):create{name = "乙渠道", kind = "dealer"}
  local mine = boss:form("agent"):create{name = "甲代表", user = rep, channel = a._id}
  local other = boss:form("agent"):create{name = "乙代表", channel = b._id}
  return a, b, mine, other
end

return {
  ["渠道代表只看自己的渠道，看不到额度"] = function(t)
    local a, b = world(t)
    local rep = t:as("channel_rep")
    local own = rep:form("channel"):get(a._id)
    t:expect(own.name, "甲渠道")
    t:expect(own.credit, nil)
    t:expect(rep:form("channel"):get(b._id), nil)
    t:expect(rep:form("channel"):count{where = {kind = "dealer"}}, 0)
  end,

  ["渠道代表看不到别的渠道的报备和商机"] = function(t)
    local _, _, mine, other = world(t)
    local boss = t:as("director")
    local deal = boss:form("opportunity"):create{name = "乙的商机", agent = other._id, stage = "Engaging"}
    local own = boss:form("opportunity"):create{name = "甲的商机", agent = mine._id, stage = "Engaging"}
    local rep = t:as("channel_rep")
    t:expect(rep:form("opportunity"):get(deal._id), nil)
    t:expect(rep:form("opportunity"):get(own._id).name, "甲的商机")
    t:expect(rep:form("opportunity"):count{where = {stage = "Engaging", name = "乙的商机"}}, 0)
    t:fails(function() rep:form("opportunity"):update(own._id, {agent = other._id}) end)
  end,

  ["公海里只露公司、地区、来源，联系方式不露"] = function(t)
    world(t)
    local made = t:as("director"):form("lead"):create{
      company = "公海线索", contact = "李明", phone = "13900001234", source = "web", region = "north",
    }
    local seen = t:as("channel_rep"):form("lead"):get(made._id)
    t:expect(seen.company, "公海线索")
    t:expect(seen.region, "north")
    t:expect(seen.contact, nil)
    t:expect(seen.phone, nil)
    t:expect(t:as("channel_rep"):form("lead"):count{where = {contact = "李明"}}, 0)
    t:fails(function() t:as("channel_rep"):form("lead"):update(made._id, {company = "改名"}) end)
  end,

  ["渠道经理只改自己管理的渠道，不能改额度"] = function(t)
    local a, b = world(t)
    local manager = t:as("channel_manager")
    manager:form("channel"):update(a._id, {status = "paused"})
    t:fails(function() manager:form("channel"):update(a._id, {credit = 9}) end)
    t:fails(function() manager:form("channel"):update(b._id, {status = "paused"}) end)
  end,

  ["财务只能记回款，不能改明细"] = function(t)
    local boss = t:as("director")
    local customer = boss:form("customer"):create{name = "收款公司"}
    local product = boss:form("product"):create{name = "收款产品", price = 10}
    local order = boss:form("order"):create{customer = customer._id, items = {{product = product._id, qty = 2, price = 10}}}
    local finance = t:as("finance")
    local paid = finance:form("order"):update(order._id, {payments = {{at = "2026-11-24", amount = 20}}})
    t:expect(paid.due, 0)
    t:fails(function() finance:form("order"):update(order._id, {region = "east"}) end)
  end,

  ["客服看不到订单毛利和回款"] = function(t)
    local boss = t:as("director")
    local customer = boss:form("customer"):create{name = "毛利公司"}
    local product = boss:form("product"):create{name = "毛利产品", price = 10, cost = 4}
    local order = boss:form("order"):create{customer = customer._id, items = {{product = product._id, qty = 1, price = 10, cost = 4}}}
    t:expect(t:as("director"):form("order"):get(order._id).margin, 6)
    local seen = t:as("service"):form("order"):get(order._id)
    t:expect(seen.amount, 10)
    t:expect(seen.margin, nil)
    t:expect(seen.payments, nil)
    t:expect(seen.items[1].cost, nil)
  end,

  ["赢单、确认的订单、批准的报备，代表不能再改"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local a, _, mine = world(t)
    local boss = t:as("director")
    local customer = boss:form("customer"):create{name = "定局公司"}
    local product = boss:form("product"):create{name = "定局产品", price = 10}
    local rep = t:as("channel_rep")

    local deal = rep:form("opportunity"):create{name = "定局商机", agent = mine._id, stage = "Engaging"}
    rep:form("opportunity"):update(deal._id, {stage = "Won", close_date = "2026-11-24", close_value = 10})
    t:fails(function() rep:form("opportunity"):update(deal._id, {close_value = 99}) end)

    boss:form("customer"):update(customer._id, {channel = a._id})
    local order = rep:form("order"):create{
      customer = customer._id, channel = a._id, items = {{product = product._id, qty = 1, price = 10}},
    }
    rep:form("order"):update(order._id, {region = "east"})
    rep:button(order, "confirm")
    t:fails(function() rep:form("order"):update(order._id, {region = "south"}) end)

    local made = rep:form("registration"):create{
      channel = a._id, company = "定局公司", expected_close = "2027-03-01", evidence = "上门两次",
      items = {{product = product._id, qty = 1, price = 10}},
    }
    t:fails(function() rep:form("registration"):update(made._id, {discount = 0.2}) end, "locked")
    t:as("channel_manager"):task("manager"):approve{}
    t:fails(function() t:as("channel_rep"):form("registration"):update(made._id, {discount = 0.2}) end, "denied")
  end,
}
