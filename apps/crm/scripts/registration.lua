-- 报备：同一客户被两个渠道报备（名称、电话或信用代码完全相同）时立一个冲突案件。
local registration = {}

-- 自己的文本放进条件里：引号要成双。
local function quoted(text)
  return '"' .. text:gsub('"', '""') .. '"'
end

-- 电话只留数字，去掉国家码：同一个号码只有一种写法，才比得出相同。
local function plain_phone(text)
  local digits = text:gsub("%D", "")
  if #digits == 13 and digits:sub(1, 2) == "86" then
    digits = digits:sub(3)
  end
  return digits
end

function registration.before_create(rec, ctx)
  if rec.credit_code then
    rec.credit_code = rec.credit_code:upper()
  end
  if rec.phone then
    rec.phone = plain_phone(rec.phone)
  end
end

registration.before_update = function(rec, old, ctx)
  registration.before_create(rec, ctx)
end

-- 还算数的报备：在审批中，或在保护期内。驳回、撤回、过期、释放的不算。
local function alive(other)
  if other.status == "protected" then
    return other.protect_until == nil or other.protect_until >= app.today()
  end
  return other.status == "pending" and other._state ~= "rejected" and other._state ~= "withdrawn"
    and other._state ~= "stopped" and other._state ~= "draft"
end

-- 与哪些相同：返回 {"name", "phone"} 这样的列表，全不同则为 nil。
local function same(a, b)
  local found = {}
  if a.company_key and a.company_key == b.company_key then found[#found + 1] = "name" end
  if a.phone and a.phone == b.phone then found[#found + 1] = "phone" end
  if a.credit_code and a.credit_code == b.credit_code then found[#found + 1] = "credit_code" end
  return #found > 0 and found or nil
end

local function rivals(rec)
  local where = "company_key = " .. quoted(rec.company_key)
  if rec.phone then where = where .. " OR phone = " .. quoted(rec.phone) end
  if rec.credit_code then where = where .. " OR credit_code = " .. quoted(rec.credit_code) end
  local found = {}
  for _, other in ipairs(app.form("registration"):find{where = where, sort = "_created_at", limit = 50}) do
    if other._id ~= rec._id and other.channel ~= rec.channel and alive(other) then
      found[#found + 1] = other
    end
  end
  return found
end

local function party(side, reg)
  return {side = side, channel = reg.channel, registration = reg._id, rep = reg.rep, amount = reg.amount}
end

-- 已有未结案件就把后来者加为当事方，不重复立案。
local function open_case(first, rec, matched)
  local conflicts = app.form("conflict")
  local open = conflicts:find{where = {open_key = first.company_key}, limit = 1}[1]
  if open then
    local parties = conflicts:get(open._id).parties
    parties[#parties + 1] = party("third", rec)
    conflicts:update(open._id, {parties = parties})
    return
  end
  conflicts:create{
    type = "dup_reg", level = "cross", found_by = "rule", company = first.company,
    open_key = first.company_key, customer = first.customer or rec.customer, matched_by = matched,
    parties = {party("first", first), party("second", rec)},
  }
end

local function check_rivals(rec)
  app.as_system(function()
    local first = rivals(rec)[1]
    if first then
      open_case(first, rec, same(first, rec))
    end
  end)
end

-- 草稿不算报备，提交时才比对。
function registration.after_create(rec, ctx)
  if rec._state ~= "draft" then
    check_rivals(rec)
  end
end

function registration.after_update(rec, old, ctx)
  if old._state == "draft" and rec._state ~= "draft" then
    check_rivals(rec)
  end
end

return registration
