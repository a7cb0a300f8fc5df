-- 报修：派工、维修、验收；费用大要核准；超时提醒、升级、自动验收。

local function report(t)
  t:clock("2026-11-24T02:00:00Z")
  local machine = t:as("dispatcher"):form("equipment"):create{code = "T-1", name = "试验台"}
  local made = t:as("reporter"):form("ticket"):create{equipment = machine._id, title = "不通电"}
  return made, machine
end

local function dispatch(t)
  t:as("dispatcher"):task("dispatch"):approve{values = {engineer = t:member("engineer")}}
end

local function state(t, made)
  return t:as("dispatcher"):form("ticket"):get(made._id)
end

return {
  ["停产报修让设备停机，修好后恢复"] = function(t)
    t:clock("2026-11-24T02:00:00Z")
    local boss = t:as("dispatcher")
    local machine = boss:form("equipment"):create{code = "T-9", name = "冲床"}
    t:as("reporter"):form("ticket"):create{equipment = machine._id, title = "冒烟", urgency = "stop"}
    t:expect(boss:form("equipment"):get(machine._id).state, "down")
    dispatch(t)
    t:as("engineer"):task("repair"):approve{values = {work = "更换电机"}}
    t:as("reporter"):task("accept"):approve{}
    t:expect(boss:form("equipment"):get(machine._id).state, "normal")
  end,

  ["派工、维修、验收"] = function(t)
    local made, machine = report(t)
    dispatch(t)
    t:as("engineer"):task("repair"):approve{values = {work = "更换保险丝", labour = 50}}
    t:as("reporter"):task("accept"):approve{values = {score = 5}}
    local done = state(t, made)
    t:expect({done._state, done.status, done.cost}, {"approved", "closed", 50})
    t:expect(t:as("dispatcher"):form("equipment"):get(machine._id).spent, 50)
  end,

  ["没有指定工程师不能派工"] = function(t)
    report(t)
    t:fails(function() t:as("dispatcher"):task("dispatch"):approve{} end, "check")
  end,

  ["费用超过两千要主管核准，可以退回维修"] = function(t)
    local made = report(t)
    dispatch(t)
    t:as("engineer"):task("repair"):approve{values = {work = "换主板", parts = {{name = "主板", qty = 1, price = 3000}}}}
    t:as("dispatcher"):task("costs"):approve{}
    t:as("reporter"):task("accept"):approve{}
    t:expect(state(t, made).cost, 3000)
  end,

  ["三天不验收先提醒，再过两个工作日自动通过"] = function(t)
    local made = report(t)
    dispatch(t)
    t:as("engineer"):task("repair"):approve{values = {work = "紧固接线"}}
    t:clock("2026-11-27T02:00:01Z")
    t:expect(t:run_jobs(), 1)
    t:expect(state(t, made)._state, "running")
    t:clock("2026-12-01T02:00:01Z")
    t:expect(t:run_jobs(), 1)
    t:expect(state(t, made)._state, "approved")
  end,

  ["维修超时升级到主管"] = function(t)
    report(t)
    dispatch(t)
    t:clock("2026-11-26T02:00:01Z")
    t:run_jobs()
    t:as("dispatcher"):task("repair"):approve{values = {work = "主管处理"}}
    t:as("reporter"):task("accept"):approve{}
  end,
}
