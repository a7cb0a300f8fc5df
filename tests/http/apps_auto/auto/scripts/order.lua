local order = {}

function order.committed(change, ctx)
  if change.op == "create" then
    app.form("log"):create{what = "committed " .. change.record.name, ref = change.id}
  end
end

return order
