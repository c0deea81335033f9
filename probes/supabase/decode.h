#pragma once
// The keys of `type: supabase` (docs/backends/supabase.md).
#include "config/reader.h"
#include "probes/supabase/supabase_backend.h"

namespace deadcalm::probes::supabase {

SupabaseOptions decode_supabase(config::Reader& reader);

}  // namespace deadcalm::probes::supabase
