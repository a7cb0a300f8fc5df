local kind = {}

-- What a script sees of one field: its type in Lua and its value.
local function said(v)
  if type(v) ~= "table" then return type(v) .. ":" .. tostring(v) end
  if #v > 0 then return "list:" .. said(v[1]) end
  local keys = {}
  for k in pairs(v) do keys[#keys + 1] = k end
  table.sort(keys)
  return "object:" .. table.concat(keys, "+")
end

function kind.before_create(rec, ctx)
  if rec.text == "lua" then
    local out = {}
    for k, v in pairs(rec) do
      if k ~= "text" and string.sub(k, 1, 1) ~= "_" then out[#out + 1] = k .. "=" .. said(v) end
    end
    table.sort(out)
    rec.seen = table.concat(out, ";")
  end
end

return kind
