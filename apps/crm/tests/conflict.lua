-- 冲突案件：轻重、证据、裁决、结案；当事人不能裁决。

local function channel(t, name)
  local channels = t:as("director"):form("channel")
  return channels:find{where = {name = name}, limit = 1}[1] or channels:create{name = name, kind = "agent"}
end

local function case(t, more)
  local boss = t:as("director")
  local a, b = channel(t, "甲渠道"), channel(t, "乙渠道")
  local values = {
    type = "dup_reg", company = "争议公司", matched_by = {"name"},
    parties = {
      {side = "first", channel = a._id, amount = 500000, rep = t:member("channel_rep")},
      {side = "second", channel = b._id, amount = 300000},
    },
  }
  for key, value in pairs(more or {}) do values[key] = value end
  return boss:form("conflict"):create(values), a, b
end

return {
  ["争议金额取最大，严重度按规则算"] = function(t)
    local made = case(t)
    t:expect(made.amount, 500000)
    t:expect(made.channels, 2)
    t:expect(made.severity, 52.1)
    t:expect(made.priority, "P2")
  end,

  ["证据按种类计分"] = function(t)
    local made = case(t, {evidence = {
      {side = "first", kind = "letter", at = "2026-11-01"},
      {side = "first", kind = "call", at = "2026-11-02"},
      {side = "second", kind = "note", at = "2026-11-03"},
    }})
    t:expect(made.score_first, 13)
    t:expect(made.score_second, 1)
  end,

  ["渠道经理裁决，写明根因才能结案"] = function(t)
    local made, a = case(t)
    local judge = t:as("channel_manager")
    judge:button(made, "decide", {decision = "keep", winner = a._id, reason = "甲方先有有效拜访", root_cause = "comm"})
    local ruled = judge:form("conflict"):get(made._id)
    t:expect(ruled.stage, "ruling")
    t:expect(ruled.decision, "keep")
    t:expect(ruled.decided_by, t:member("channel_manager"))
    judge:form("conflict"):update(made._id, {stage = "closed"})
    t:expect(judge:form("conflict"):get(made._id).stage, "closed")
  end,

  ["当事人不能裁决"] = function(t)
    local made, a = case(t, {})
    local boss = t:as("director")
    local parties = boss:form("conflict"):get(made._id).parties
    parties[1].rep = t:member("channel_manager")
    boss:form("conflict"):update(made._id, {parties = parties})
    local judge = t:as("channel_manager")
    t:fails(function()
      judge:button(made, "decide", {decision = "keep", winner = a._id, reason = "我说了算", root_cause = "rule"})
    end)
  end,

  ["没有根因不能结案"] = function(t)
    local made = case(t)
    local boss = t:as("director")
    boss:form("conflict"):update(made._id, {stage = "ruling"})
    t:fails(function() boss:form("conflict"):update(made._id, {stage = "closed"}) end)
  end,

  ["不当事的代表看不到案件"] = function(t)
    local made = case(t)
    local rep = t:as("channel_rep")
    t:expect(rep:form("conflict"):get(made._id).company, "争议公司")
    local other = case(t, {company = "别的公司", parties = {
      {side = "first", channel = channel(t, "丙渠道")._id},
      {side = "second", channel = channel(t, "丁渠道")._id},
    }})
    t:expect(t:as("channel_rep"):form("conflict"):get(other._id), nil)
  end,
}
