import Hummingbird
import Logging

/// What Hummingbird's router carries beside the request: the call, but for the path's placeholders, which it finds.
struct ServiceContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let call: Call

    init(source: Source) {
        coreContext = .init(source: source)
        call = source.call
    }

    struct Source: RequestContextSource {
        let call: Call
        var logger: Logger { call.processLogger }
    }
}
