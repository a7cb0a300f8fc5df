-- Tries what append-only rows do not allow.
local order = {}

function order.tamper(rec, ctx)
  app.form("order"):update(rec._id, {trace = {}})
end

function order.tamper_all(rec, ctx)
  app.as_system(function()
    app.form("order"):update(rec._id, {trace = {}})
  end)
end

return order
