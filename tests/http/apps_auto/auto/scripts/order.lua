local order = {}

function order.committed(change, ctx)
  if change.op ~= "create" then return end
  app.form("log"):create{what = "committed " .. change.record.name, ref = change.id}
  if change.record.name == "spawn" then
    app.form("order"):create{name = "by script"}
  end
end

return order
