-- 客户：把来源里的行业原文对到行业选项，常见的拼写错误也认得。
local customer = {}

local industries = {
  technology = "technology", technolgy = "technology", tech = "technology", ["科技"] = "technology",
  medical = "medical", ["医疗"] = "medical",
  retail = "retail", ["零售"] = "retail",
  software = "software", ["软件"] = "software",
  entertainment = "entertainment", ["文娱"] = "entertainment",
  marketing = "marketing", ["营销"] = "marketing",
  telecommunications = "telecommunications", telecom = "telecommunications", ["通信"] = "telecommunications",
  finance = "finance", ["金融"] = "finance",
  employment = "employment", ["人力"] = "employment",
  services = "services", ["服务"] = "services",
  manufacturing = "manufacturing", ["制造"] = "manufacturing",
  education = "education", ["教育"] = "education",
}

function customer.before_create(rec, ctx)
  if not rec.industry and rec.source_industry then
    rec.industry = industries[rec.source_industry:lower()]
  end
  if rec.credit_code then
    rec.credit_code = rec.credit_code:upper()
  end
end

return customer
