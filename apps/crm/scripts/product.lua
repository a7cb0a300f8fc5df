-- 产品：编码留空时取名称去空格、大写，所以“GTXPro”和“GTX Pro”是同一个编码。
local product = {}

local function code_of(name)
  return (name:gsub("%s+", ""):gsub("　", ""):upper())
end

function product.before_create(rec, ctx)
  if not rec.code and rec.name then
    rec.code = code_of(rec.name)
  end
end

return product
