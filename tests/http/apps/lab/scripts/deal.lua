local deal = {}
function deal.before_create(rec, ctx)
  if rec.name == "hookfail" then
    local x = nil
    return x.y
  end
  if rec.name == "reject" then reject{field = "name", message = "不要这个"} end
  if rec.name == "spin" then while true do end end
  if rec.name == "pat" then string.find(string.rep("a", 60000), ".-.-.-.-b") end
  if rec.name == "mem" then local t = "x" while true do t = t .. t end end
  if rec.name == "pspin" then for i=1,1e9 do pcall(function() while true do end end) end end
end
function deal.boom(rec, ctx) app.form("deal"):update(rec._id, {price = 5}); error("boom!") end
function deal.loop(rec, ctx) app.form("deal"):update(rec._id, {price = 6}); while true do end end
function deal.caught(rec, ctx)
  pcall(function() app.form("deal"):update("0000000000001", {price = 1}) end)
  pcall(function() app.form("acct"):create{code = "half"} end)
  if rec.price > 1 then error("mine") end
  app.form("deal"):update(rec._id, {memo = tostring(app.form("acct"):count{})})
end
function deal.peek(rec, ctx)
  local own = app.form("deal"):get(rec._id)
  local ok = pcall(function() return app.form("deal"):find{where = "cost > 0"} end)
  app.form("deal"):update(rec._id, {region = tostring(own.cost) .. "," .. tostring(ok) .. "," .. #app.form("deal"):find{limit = 100}})
end
return deal
