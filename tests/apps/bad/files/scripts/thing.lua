local thing = {}
function thing.before_create(rec, ctx)
  if rec.name = "a" then
  end
end
return thing

-- expect 3:1: Lua
