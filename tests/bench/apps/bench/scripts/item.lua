local item = {}

function item.before_create(rec, ctx)
  rec.grade = (rec.qty or 0) * (rec.price or 0) > 1000 and "A" or "B"
end

return item
