local order = {}

function order.before_create(rec, ctx)
  if rec.mode == "count" then rec.name = tostring(#rec.items) end
  if rec.mode == "gift" then
    table.insert(rec.items, { what = "赠品", price = 0 })
    rec.items[1].price = (rec.items[1].price or 0) * 2
  end
  if rec.mode == "nil" then rec.items = nil end
end

function order.before_update(rec, old, ctx)
  if rec.mode == "sort" then
    table.sort(rec.items, function(a, b) return a.price < b.price end)
    rec.name = old.items[1].what
  end
  if rec.mode == "drop" then table.remove(rec.items, 1) end
  if rec.mode == "clear" then rec.items = {} end
  if rec.mode == "blank" then rec.items[1].due = nil end
  if rec.mode == "bad" then rec.items[2].qty = "many" end
  if rec.mode == "rule" then rec.items[1].qty = 0 end
  if rec.mode == "key" then rec.items[1].nix = 1 end
  if rec.mode == "kind" then rec.items = 7 end
  if rec.mode == "twice" then rec.items[2] = rec.items[1] end
  if rec.mode == "many" then for i = 1, 1001 do rec.items[i] = { what = "x" } end end
  if rec.mode == "log" then table.insert(rec.log, { text = "von " .. ctx.via }) end
  if rec.mode == "unlog" then rec.log = {} end
  if rec.mode == "total" then rec.items[1].total = 99 end
end

return order
