-- 采购审批：主管、并行会签、金额分支、比价下单、生成订单。

local function ask(t, more)
  local values = {purpose = "桌椅", kind = "asset", needed = "2026-12-30", items = {{name = "桌子", qty = 10, price = 800}}}
  for key, value in pairs(more or {}) do values[key] = value end
  return t:as("staff"):form("request"):create(values)
end

local function supplier(t)
  return t:as("buyer"):form("supplier"):create{name = "测试家具"}._id
end

local function order(t, id, price, quotes)
  t:as("buyer"):task("quote"):approve{values = {supplier = id, price = price, quotes = quotes}}
end

local function three(id)
  return {{supplier = id, price = 7900}, {supplier = id, price = 7800}, {supplier = id, price = 8100}}
end

return {
  ["走完全程并生成订单"] = function(t)
    local id = supplier(t)
    local made = ask(t)
    t:as("manager"):task("leader"):approve{}
    t:as("finance"):task("budget"):approve{}
    t:as("admin_office"):task("stock"):approve{}
    order(t, id, 7800, three(id))
    local done = t:as("buyer"):form("request"):get(made._id)
    t:expect({done._state, done.status, done.saved}, {"approved", "ordered", 200})
    local orders = t:as("buyer"):form("purchase_order"):find{}
    t:expect(#orders, 1)
    t:expect({orders[1].amount, orders[1].due_on}, {7800, "2026-12-30"})
  end,

  ["五千元以上要三家报价"] = function(t)
    local id = supplier(t)
    ask(t)
    t:as("manager"):task("leader"):approve{}
    t:as("finance"):task("budget"):approve{}
    t:as("admin_office"):task("stock"):approve{}
    t:fails(function() order(t, id, 7800, {{supplier = id, price = 7800}}) end, "check")
  end,

  ["大额由总经理批准"] = function(t)
    ask(t, {items = {{name = "服务器", qty = 2, price = 40000}}})
    t:as("manager"):task("leader"):approve{}
    t:as("finance"):task("budget"):approve{}
    t:as("admin_office"):task("stock"):approve{}
    t:as("boss"):task("boss"):approve{}
  end,

  ["服务类不用会签，一方退回取消另一方"] = function(t)
    local made = ask(t)
    t:as("manager"):task("leader"):approve{}
    local budget = t:as("finance"):task("budget")
    budget["return"](budget, {comment = "预算不足"})
    t:expect(t:as("finance"):form("request"):get(made._id)._state, "returned")
    t:as("staff"):task("start"):approve{values = {kind = "service"}}
    t:as("manager"):task("leader"):approve{}
    t:as("buyer"):task("quote")
  end,
}
