-- 监控：某渠道一个月的销售额突然下滑，只报这一个渠道、只报一次，渠道经理处理。

local function sell(t, channel, customer, product, month, price)
  t:as("director"):form("order"):create{
    customer = customer, channel = channel, ordered_on = string.format("2030-%02d-10", month),
    items = {{product = product, qty = 1, price = price}},
  }
end

local function year(t)
  local boss = t:as("director")
  local customer = boss:form("customer"):create{name = "监控客户"}._id
  local product = boss:form("product"):create{name = "监控产品", price = 100}._id
  local steady = boss:form("channel"):create{name = "平稳渠道", kind = "agent"}._id
  local falling = boss:form("channel"):create{name = "下滑渠道", kind = "agent"}._id
  local before = {100, 104, 97, 101, 99, 103, 100}
  for month, price in ipairs(before) do
    sell(t, steady, customer, product, month, price)
    sell(t, falling, customer, product, month, price)
  end
  sell(t, steady, customer, product, 8, 95)
  sell(t, falling, customer, product, 8, 55)
end

return {
  ["渠道销售额下滑只报一次，经理处理"] = function(t)
    t:clock("2030-08-20T02:00:00Z")
    year(t)
    t:run_jobs()
    t:clock("2030-09-01T02:00:00Z")
    t:run_jobs()
    local alerts = t:as("channel_manager"):form("alert")
    local found = alerts:find{where = {monitor = "channel_drop"}}
    t:expect(#found, 1)
    t:expect({found[1].subject, found[1].window_start, found[1].value, found[1].baseline}, {"下滑渠道", "2030-08-01", 55, 100.5})
    t:expect(found[1].due, "2030-09-04")
    t:clock("2030-09-02T02:00:00Z")
    t:run_jobs()
    t:expect(#alerts:find{where = {monitor = "channel_drop"}}, 1)
    alerts:update(found[1]._id, {status = "handled", note = "已拜访，恢复供货"})
    t:expect(alerts:get(found[1]._id).status, "handled")
    t:expect(#t:as("sales_rep"):form("alert"):find{}, 0)
  end,

  ["投诉一周多于往常两倍才报"] = function(t)
    t:clock("2030-09-04T02:00:00Z")
    local service = t:as("service"):form("feedback")
    service:create{kind = "complaint", title = "旧投诉", content = "慢"}
    t:clock("2030-11-06T02:00:00Z")
    for i = 1, 6 do service:create{kind = "complaint", title = "投诉 " .. i, content = "慢"} end
    t:clock("2030-11-11T02:00:00Z")
    t:run_jobs()
    local found = t:as("service"):form("alert"):find{where = {monitor = "complaints"}}
    t:expect(#found, 1)
    t:expect({found[1].value, found[1].window_start}, {6, "2030-11-04"})
  end,
}
