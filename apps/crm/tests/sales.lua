-- 产品、商机、订单、反馈里的算式、检查和脚本。

return {
  ["产品编码由名称得出，去空格大写"] = function(t)
    local made = t:as("director"):form("product"):create{name = "GTX Pro", price = 4821}
    t:expect(made.code, "GTXPRO")
    t:fails(function() t:as("director"):form("product"):create{name = "GTXPro", price = 1} end, "duplicate")
  end,

  ["渠道代表看不到成本"] = function(t)
    local made = t:as("director"):form("product"):create{name = "有成本的产品", price = 10, cost = 6}
    t:expect(t:as("channel_rep"):form("product"):get(made._id).cost, nil)
    t:expect(t:as("finance"):form("product"):get(made._id).cost, 6)
  end,

  ["订单金额、回款、大写"] = function(t)
    local boss = t:as("director")
    local customer = boss:form("customer"):create{name = "下单公司"}
    local product = boss:form("product"):create{name = "下单产品", price = 100, cost = 60}
    local made = boss:form("order"):create{
      customer = customer._id,
      items = {
        {product = product._id, qty = 3, price = 100, discount = 0.1, cost = 60},
        {product = product._id, qty = 1, price = 33.335, cost = 20},
      },
      payments = {{at = "2026-11-20", amount = 100}},
    }
    t:expect(made.items[1].net, 270)
    t:expect(made.items[2].net, 33.34)
    t:expect(made.amount, 303.34)
    t:expect(made.paid, 100)
    t:expect(made.due, 203.34)
    t:expect(made.margin, 103.34)
    t:expect(made.amount_cn, "叁佰零叁元叁角肆分")
    t:expect(boss:form("customer"):get(customer._id).orders, 303.34)
  end,

  ["回款超过订单金额被拒，没有明细被拒"] = function(t)
    local boss = t:as("director")
    local customer = boss:form("customer"):create{name = "多付公司"}
    local product = boss:form("product"):create{name = "便宜产品", price = 1}
    t:fails(function()
      boss:form("order"):create{customer = customer._id, items = {{product = product._id, qty = 1, price = 1}},
        payments = {{at = "2026-11-20", amount = 2}}}
    end)
    t:fails(function() boss:form("order"):create{customer = customer._id} end)
  end,

  ["商机的大区来自代表，换区后跟着变"] = function(t)
    local boss = t:as("director")
    local agent = boss:form("agent"):create{name = "换区代表", office = "East", manager = "王经理"}
    local deal = boss:form("opportunity"):create{name = "一号商机", agent = agent._id, stage = "Engaging", expected = 5000}
    t:expect(deal.office, "East")
    t:expect(deal.manager, "王经理")
    t:expect(deal.pipeline, 5000)
    boss:form("agent"):update(agent._id, {office = "West"})
    t:expect(boss:form("opportunity"):get(deal._id).office, "West")
    boss:form("opportunity"):update(deal._id, {stage = "Won", close_date = "2026-11-24", close_value = 4800})
    t:expect(boss:form("opportunity"):get(deal._id).pipeline, 0)
    t:expect(boss:form("agent"):get(agent._id).won, 4800)
  end,

  ["赢单要有成交金额，结案不早于接洽"] = function(t)
    local boss = t:as("director")
    t:fails(function() boss:form("opportunity"):create{stage = "Won", close_date = "2026-11-24"} end)
    t:fails(function()
      boss:form("opportunity"):create{stage = "Lost", engage_date = "2026-11-24", close_date = "2026-11-23"}
    end)
  end,

  ["反馈按公司名称认出客户"] = function(t)
    local boss = t:as("director")
    local channel = boss:form("channel"):create{name = "服务渠道", kind = "agent"}
    local customer = boss:form("customer"):create{name = "反馈公司", channel = channel._id}
    local made = t:as("service"):form("feedback"):create{
      kind = "complaint", title = "送货太慢", content = "晚了三天", rating = 2, company = "反馈公司",
    }
    t:expect(made.customer, customer._id)
    t:expect(made.served_by, channel._id)
    t:expect(made.urgent, true)
    t:expect(boss:form("customer"):get(customer._id).complaints, 1)
  end,

  ["行业原文对到选项，拼错也认得"] = function(t)
    local made = t:as("director"):form("customer"):create{name = "行业公司", source_industry = "technolgy"}
    t:expect(made.industry, "technology")
  end,
}
