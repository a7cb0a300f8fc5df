local thing = {}
function thing.before_create(rec, ctx) end
return thing
