-- 冲突案件：当事人不能裁决；结案或撤回后放开立案键，之后可以再立案。
local conflict = {}

local function is_party(rec, member)
  for _, row in ipairs(rec.parties or {}) do
    if row.rep == member then return true end
  end
  return false
end

function conflict.before_create(rec, ctx)
  if #(rec.parties or {}) < 2 and rec.type == "dup_reg" then
    reject{field = "parties", message = "重复报备至少要有两个当事方"}
  end
end

function conflict.before_update(rec, old, ctx)
  if rec.decision ~= old.decision and ctx.user and is_party(rec, ctx.user.id) then
    reject{field = "decision", message = "当事人不能裁决自己的案件"}
  end
  if rec.stage == "closed" or rec.stage == "withdrawn" then
    rec.open_key = nil
  end
end

return conflict
