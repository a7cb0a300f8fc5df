-- 线索：按权重平滑轮转分给代表，留下日志；领取公海有每日上限；转客户。
local lead = {}

-- 自己的文本放进条件里：引号要成双。
local function quoted(text)
  return '"' .. text:gsub('"', '""') .. '"'
end

-- 平滑加权轮转：每人当前值加自己的权重，取最大者，再减去权重之和。
-- 同分取排在前面的，结果只由规则里的数决定：同样的输入总得同样的结果。
local function next_turn(pool, total)
  local best
  for _, row in ipairs(pool) do
    if row.weight > 0 then
      row.current = (row.current or 0) + row.weight
      if not best or row.current > best.current then
        best = row
      end
    end
  end
  if not best then
    return nil
  end
  best.current = best.current - total
  best.received = (best.received or 0) + 1
  return best
end

-- 第一条适用的规则：启用，有候选人，且地区、来源留空或相同。
local function rule_for(rec)
  local rules = app.form("assign_rule")
  for _, found in ipairs(rules:find{where = {active = true}, sort = "priority,name", limit = 50}) do
    if (not found.region or found.region == rec.region)
      and (not found.source or found.source == rec.source) then
      local rule = rules:get(found._id)
      if rule.pool and #rule.pool > 0 then
        return rule
      end
    end
  end
  return nil
end

-- 参与分配的候选人和他们的权重之和：停用的代表跳过，不占轮次。
local function candidates(rule)
  local pool, total = {}, 0
  for _, row in ipairs(rule.pool) do
    local agent = app.form("agent"):get(row.agent)
    if agent and agent.active then
      pool[#pool + 1] = row
      total = total + row.weight
    end
  end
  return pool, total
end

local function assign(rec)
  local rule = rule_for(rec)
  local row = rule and next_turn(candidates(rule))
  if not row then
    return nil
  end
  app.form("assign_rule"):update(rule._id, {pool = rule.pool})
  return app.form("agent"):get(row.agent), rule
end

local function agent_of(user)
  return user and app.form("agent"):find{where = {user = user}, limit = 1}[1]
end

function lead.before_create(rec, ctx)
  -- 已指定代表的不再分；渠道自拓的归录入人。
  if rec.agent or rec.source == "own" then
    return
  end
  app.as_system(function()
    local own = agent_of(rec._owner)
    if own then
      rec.agent = own._id -- 代表自己录入的归自己
      return
    end
    local agent, rule = assign(rec)
    if agent then
      rec.agent = agent._id
      rec.rule = rule._id
      rec.assigned_at = app.now()
      rec._owner = agent.user
    else
      rec._owner = nil -- 没有适用的规则：进公海
    end
  end)
end

-- 线索有了编号才能记日志；与分配在同一个事务里，要么都在，要么都不在。
function lead.after_create(rec, ctx)
  if not rec.rule then
    return
  end
  app.as_system(function()
    local rule = app.form("assign_rule"):get(rec.rule)
    local pool, total = candidates(rule)
    for _, row in ipairs(pool) do
      if row.agent == rec.agent then
        app.form("assign_log"):create{
          lead = rec._id, rule = rule._id, agent = rec.agent, turn = row.received,
          before = row.current + total, after = row.current,
          reason = string.format("%s：权重 %d，第 %d 条", rule.name, row.weight, row.received),
        }
      end
    end
  end)
end

function lead.before_update(rec, old, ctx)
  -- 领取公海：每人每天有上限。
  if rec.claimed_at ~= old.claimed_at and rec._owner and not old._owner then
    local claimed
    app.as_system(function()
      claimed = app.form("lead"):count{
        where = "_owner = " .. quoted(rec._owner) .. " AND claimed_at >= TODAY()",
      }
    end)
    local most = app.setting("claim_daily")
    if claimed >= most then
      reject{message = "今天已领取 " .. string.format("%d", claimed) .. " 条，达到每日上限"}
    end
  end
end

-- 按钮“转客户”：同名客户已在就接上，否则新建；联系人与商机一并建好。
function lead.convert(rec, ctx)
  local ask = ctx.ask or {}
  app.as_system(function()
    local found = app.form("customer"):find{where = {name = rec.company}, limit = 1}
    local customer = found[1]
    if not customer then
      customer = app.form("customer"):create{
        name = rec.company, region = rec.region, tier = ask.tier or "C",
        channel = rec.channel, _owner = rec._owner,
      }
    end
    if rec.contact then
      app.form("contact"):create{
        customer = customer._id, name = rec.contact, mobile = rec.phone, email = rec.email,
        primary = true, _owner = rec._owner,
      }
    end
    if ask.opportunity then
      local first = rec.items and rec.items[1]
      app.form("opportunity"):create{
        name = rec.company .. "（" .. rec.no .. "）", customer = customer._id, agent = rec.agent,
        product = first and first.product, stage = "Prospecting", expected = rec.amount,
        engage_date = app.today(), _owner = rec._owner,
      }
    end
    app.form("lead"):update(rec._id, {status = "converted", customer = customer._id})
  end)
end

return lead
