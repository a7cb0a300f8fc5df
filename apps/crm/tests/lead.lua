-- 线索：分配按权重轮转、可重算；公海领取；转客户。

local function rule_with(t, weights)
  local boss = t:as("director")
  local pool, agents = {}, {}
  for i, weight in ipairs(weights) do
    agents[i] = boss:form("agent"):create{name = "代表" .. i, active = true, office = "East"}
    pool[i] = {agent = agents[i]._id, weight = weight}
  end
  local rule = boss:form("assign_rule"):create{name = "测试轮转", priority = 0, active = true, pool = pool}
  return rule, agents
end

-- 依次建线索，把得到的人记成 "1 2 1 3" 这样的文本。
local function turns(t, agents, count)
  local boss = t:as("director")
  local order = {}
  for i = 1, count do
    local made = boss:form("lead"):create{company = "测试公司" .. i, source = "web"}
    order[i] = "?"
    for k, agent in ipairs(agents) do
      if made.agent == agent._id then order[i] = tostring(k) end
    end
  end
  return table.concat(order, " ")
end

return {
  ["权重 3:2:1 平滑轮转，顺序固定"] = function(t)
    local rule, agents = rule_with(t, {3, 2, 1})
    t:expect(turns(t, agents, 6), "1 2 1 3 2 1")
    t:expect(turns(t, agents, 6), "1 2 1 3 2 1")
    local after = t:as("director"):form("assign_rule"):get(rule._id)
    t:expect(after.pool[1].received, 6)
    t:expect(after.pool[2].received, 4)
    t:expect(after.pool[3].received, 2)
    t:expect(after.pool[1].current, 0)
  end,

  ["权重相同时一人一条"] = function(t)
    local _, agents = rule_with(t, {1, 1, 1})
    t:expect(turns(t, agents, 7), "1 2 3 1 2 3 1")
  end,

  ["停用的代表和零权重不占轮次"] = function(t)
    local _, agents = rule_with(t, {1, 1, 0, 1})
    t:as("director"):form("agent"):update(agents[2]._id, {active = false})
    t:expect(turns(t, agents, 4), "1 4 1 4")
  end,

  ["每次分配都有一条日志"] = function(t)
    local rule, agents = rule_with(t, {2, 1})
    turns(t, agents, 3)
    local logs = t:as("director"):form("assign_log"):find{where = 'rule = "' .. rule._id .. '"', sort = "turn", limit = 10}
    t:expect(#logs, 3)
  end,

  ["没有规则就进公海，领取后归自己"] = function(t)
    local boss = t:as("director")
    local agent = boss:form("agent"):create{name = "领取的代表", user = t:member("channel_rep")}
    local made = boss:form("lead"):create{company = "公海公司", contact = "李明", source = "web", region = "northwest"}
    t:expect(made._owner, nil)
    local rep = t:as("channel_rep")
    local seen = rep:form("lead"):get(made._id)
    t:expect(seen._title, "公海公司")
    t:expect(seen.heat, "冷")
    rep:button(made, "claim")
    local mine = rep:form("lead"):get(made._id)
    t:expect(mine._title, "公海公司 · 李明")
    t:expect(mine.status, "working")
    t:expect(mine.agent, agent._id)
    t:expect(mine._owner, t:member("channel_rep"))
    t:fails(function() rep:button(mine, "claim") end)
    rep:button(mine, "release")
    local back = t:as("director"):form("lead"):get(made._id)
    t:expect(back._owner, nil)
    t:expect(back.agent, nil)
    t:expect(back.status, "new")
  end,

  ["每天领取公海有上限"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local boss = t:as("director")
    local made = {}
    for i = 1, 11 do
      made[i] = boss:form("lead"):create{company = "公海" .. i, source = "web", region = "northwest"}
    end
    local rep = t:as("sales_rep")
    for i = 1, 10 do rep:button(made[i], "claim") end
    t:fails(function() rep:button(made[11], "claim") end, "rejected")
    t:clock("2026-11-25T02:00:00Z")
    rep:button(made[11], "claim")
  end,

  ["转客户：建客户、联系人、商机，线索记下客户"] = function(t)
    local rep = t:as("sales_rep")
    local made = rep:form("lead"):create{
      company = "转化公司", contact = "李明", phone = "13900001234", source = "own", region = "east", status = "new",
    }
    rep:form("lead"):update(made._id, {status = "working"})
    rep:button(rep:form("lead"):get(made._id), "convert", {tier = "A", opportunity = true})
    local boss = t:as("director")
    local lead = boss:form("lead"):get(made._id)
    t:expect(lead.status, "converted")
    local customer = boss:form("customer"):get(lead.customer)
    t:expect(customer.name, "转化公司")
    t:expect(customer.tier, "A")
    t:expect(customer.contacts, 1)
    t:expect(customer.open_deals, 1)
  end,

  ["线索状态不能跳着走"] = function(t)
    local rep = t:as("sales_rep")
    local made = rep:form("lead"):create{company = "跳步公司", source = "own"}
    t:fails(function() rep:form("lead"):update(made._id, {status = "converted"}) end, "transition")
  end,

  ["领取后七天不跟进的线索夜里退回公海，跟进过的留下"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local boss = t:as("director"):form("lead")
    local rep = t:as("sales_rep")
    t:run_jobs()
    local left, kept = boss:create{company = "没人跟的公司"}, boss:create{company = "有人跟的公司"}
    for _, lead in ipairs{left, kept} do
      boss:update(lead._id, {_owner = nil})
      rep:button(lead, "claim", {})
    end
    t:clock("2026-11-30T02:00:00Z")
    rep:form("activity"):create{lead = kept._id, kind = "call", summary = "电话沟通", at = "2026-11-30T01:00:00Z"}
    t:clock("2026-12-02T02:00:00Z")
    t:run_jobs()
    t:expect(boss:get(left._id)._owner, nil)
    t:expect(boss:get(left._id).status, "new")
    t:expect(boss:get(kept._id)._owner, t:member("sales_rep"))
  end,
}
