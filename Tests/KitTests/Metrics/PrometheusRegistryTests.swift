import CoreMetrics
import Glibc
import NIOCore
import Testing

@testable import Kit

@Suite("Metrics in the Prometheus text format")
struct PrometheusRegistryTests {
    @Test("counters")
    func counters() {
        let registry = PrometheusRegistry()
        registry.describe("http.requests", "Requests\nanswered \\ so far.")
        let ok = Counter(label: "http.requests", dimensions: [("status", "200"), ("method", "GET")], factory: registry)
        let bad = Counter(
            label: "http.requests", dimensions: [("method", "GET"), ("status", "500")], factory: registry)
        ok.increment()
        ok.increment(by: 41)
        bad.increment()
        // The same labels in another order are the same series.
        Counter(label: "http.requests", dimensions: [("status", "500"), ("method", "GET")], factory: registry)
            .increment()
        #expect(
            registry.render() == #"""
                # HELP http_requests_total Requests\nanswered \\ so far.
                # TYPE http_requests_total counter
                http_requests_total{method="GET",status="200"} 42
                http_requests_total{method="GET",status="500"} 2

                """#)
    }

    @Test("a counter never falls but by reset")
    func counterReset() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "a_total", factory: registry)
        let fractions = FloatingPointCounter(label: "a_total", factory: registry)
        counter.increment(by: 5)
        counter.increment(by: -3)
        fractions.increment(by: 0.5)
        fractions.increment(by: -1)
        fractions.increment(by: Double.infinity)
        fractions.increment(by: Double.nan)
        #expect(registry.render().hasSuffix("\na_total 5.5\n"))
        counter.reset()
        #expect(registry.render().hasSuffix("\na_total 0\n"))
    }

    @Test("gauges")
    func gauges() {
        let registry = PrometheusRegistry()
        let meter = Meter(label: "in-flight", factory: registry)
        meter.set(10)
        meter.increment(by: 2.5)
        meter.decrement()
        let gauge = Gauge(label: "2nd.gauge", factory: registry)
        gauge.record(-7)
        #expect(
            registry.render() == """
                # HELP _2nd_gauge _2nd_gauge
                # TYPE _2nd_gauge gauge
                _2nd_gauge -7
                # HELP in_flight in_flight
                # TYPE in_flight gauge
                in_flight 11.5

                """)
    }

    @Test("timers are histograms in seconds; a value on a bound is within it")
    func timers() {
        let registry = PrometheusRegistry()
        registry.setBounds("wait", [0.01, 1, 0.1])
        registry.describe("wait", "How long.")
        let timer = Timer(label: "wait", dimensions: [("queue", "hash")], factory: registry)
        timer.recordMilliseconds(10)
        timer.recordNanoseconds(10_000_001)
        timer.recordSeconds(1)
        timer.recordSeconds(30)
        #expect(
            registry.render() == #"""
                # HELP wait_seconds How long.
                # TYPE wait_seconds histogram
                wait_seconds_bucket{queue="hash",le="0.01"} 1
                wait_seconds_bucket{queue="hash",le="0.1"} 2
                wait_seconds_bucket{queue="hash",le="1"} 3
                wait_seconds_bucket{queue="hash",le="+Inf"} 4
                wait_seconds_sum{queue="hash"} 31.020000001
                wait_seconds_count{queue="hash"} 4

                """#)
    }

    @Test("timers reach from 0.1 ms to 10 s unless told otherwise, recorders to a million")
    func initialBounds() {
        let registry = PrometheusRegistry()
        Timer(label: "t", factory: registry).recordNanoseconds(99_000)
        Recorder(label: "batch", factory: registry).record(7)
        Recorder(label: "age_seconds", factory: registry).record(0.5)
        let text = registry.render()
        #expect(text.contains("\nt_seconds_bucket{le=\"0.0001\"} 1\n"))
        #expect(text.contains("\nt_seconds_bucket{le=\"10\"} 1\n"))
        #expect(text.contains("\nbatch_bucket{le=\"5\"} 0\nbatch_bucket{le=\"10\"} 1\n"))
        #expect(text.contains("\nbatch_bucket{le=\"1000000\"} 1\n"))
        #expect(text.contains("\nage_seconds_bucket{le=\"0.25\"} 0\nage_seconds_bucket{le=\"0.5\"} 1\n"))
        #expect(HistogramBounds.latency.count <= HistogramSeries.maximumBounds)
        #expect(HistogramBounds.magnitude.count <= HistogramSeries.maximumBounds)
    }

    @Test("too many, equal or infinite bounds are put right")
    func oddBounds() {
        let registry = PrometheusRegistry()
        registry.setBounds("r", (0..<100).map(Double.init) + [5, .infinity, .nan])
        let recorder = Recorder(label: "r", factory: registry)
        for value in [0.0, 22, 23, 1e9, .infinity, .nan] { recorder.record(value) }
        let text = registry.render()
        #expect(text.contains("r_bucket{le=\"22\"} 2\nr_bucket{le=\"+Inf\"} 4\n"))
        #expect(text.contains("r_count 4\n"))
    }

    @Test("label values are escaped and capped, names made valid")
    func labels() {
        let registry = PrometheusRegistry()
        let dimensions = [
            ("path", "a\"b\\c\nd\re"), ("__name__", "x"), ("9-lives", "cat"), ("path", "again"), ("é", ""),
            ("long", String(repeating: "ü", count: 1000)),
        ]
        Counter(label: "a:b c", dimensions: dimensions, factory: registry).increment()
        let long = String(repeating: "ü", count: 128)
        #expect(
            registry.render().hasSuffix(
                "\na:b_c_total{_=\"\",_9_lives=\"cat\",_name__=\"x\",long=\"\(long)\",path=\"a\\\"b\\\\c\\nd\u{FFFD}e\"} 1\n"
            ))
    }

    @Test("a label named le does not break a histogram")
    func reservedLabel() {
        let registry = PrometheusRegistry()
        Timer(label: "t", dimensions: [("le", "x")], factory: registry).recordSeconds(1)
        #expect(registry.render().contains("t_seconds_bucket{exported_le=\"x\",le=\"1\"} 1\n"))
    }

    @Test("beyond the bound, series are counted together as other, and how many they were")
    func cardinality() {
        let registry = PrometheusRegistry(maximumSeries: 3)
        for index in 0..<10 {
            Counter(label: "hits", dimensions: [("path", "/\(index)"), ("m", "GET")], factory: registry).increment()
        }
        let first = Counter(label: "hits", dimensions: [("path", "/0"), ("m", "GET")], factory: registry)
        first.increment()
        #expect(
            registry.render() == #"""
                # HELP hits_total hits_total
                # TYPE hits_total counter
                hits_total{m="GET",path="/0"} 2
                hits_total{m="GET",path="/1"} 1
                hits_total{m="GET",path="/2"} 1
                hits_total{m="other",path="other"} 7
                # HELP metrics_series_dropped_total Series counted as "other" because their metric has too many.
                # TYPE metrics_series_dropped_total counter
                metrics_series_dropped_total{metric="hits_total"} 7

                """#)
    }

    @Test("a name that another kind has is not shown twice, and the conflict is")
    func conflicts() {
        let registry = PrometheusRegistry()
        Recorder(label: "size", factory: registry).record(1)
        Meter(label: "size", factory: registry).set(5)
        Meter(label: "size_count", factory: registry).set(5)
        let text = registry.render()
        #expect(text.contains("# TYPE size histogram"))
        #expect(!text.contains("gauge"))
        #expect(text.hasSuffix("\nmetrics_name_conflicts_total 2\n"))
    }

    @Test("a destroyed series leaves the exposition")
    func destroy() {
        let registry = PrometheusRegistry()
        let counter = Counter(label: "gone", factory: registry)
        counter.increment()
        counter.destroy()
        let timer = Timer(label: "gone", factory: registry)
        timer.destroy()
        #expect(registry.render() == "")
        Counter(label: "gone", factory: registry).increment()
        #expect(registry.render().hasSuffix("\ngone_total 1\n"))
    }

    @Test("observed values are asked for when the metrics are read")
    func observed() {
        let registry = PrometheusRegistry()
        let calls = Counter(label: "calls", factory: registry)
        registry.observeGauge("depth", "Depth.", dimensions: [("q", "a")]) {
            calls.increment()
            return 2.5
        }
        registry.observeCounter("lost", "Lost.") { 3 }
        #expect(registry.render().contains("# HELP depth Depth.\n# TYPE depth gauge\ndepth{q=\"a\"} 2.5\n"))
        let second = registry.render()
        #expect(second.contains("\nlost_total 3\n"))
        #expect(second.contains("\ncalls_total 1\n"))
    }

    @Test(
        "numbers",
        arguments: [
            (0, "0"), (-1.5, "-1.5"), (1e15, "1000000000000000"), (1e300, "1e+300"), (.infinity, "+Inf"),
            (-.infinity, "-Inf"), (.nan, "NaN"), (0.00001, "1e-05"), (9_007_199_254_740_992, "9007199254740992"),
        ] as [(Double, String)])
    func numbers(value: Double, expected: String) {
        #expect(MetricText.number(value) == expected)
    }

    @Test("nothing is lost when many tasks count at once")
    func concurrent() async {
        let registry = PrometheusRegistry()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    let counter = Counter(label: "c", factory: registry)
                    let timer = Timer(label: "t", factory: registry)
                    let meter = Meter(label: "m", factory: registry)
                    for _ in 0..<5000 {
                        counter.increment()
                        timer.recordSeconds(2)
                        meter.increment(by: 1)
                    }
                }
            }
            for _ in 0..<20 { group.addTask { _ = registry.render() as String } }
        }
        let text = registry.render()
        #expect(text.contains("\nc_total 40000\n"))
        #expect(text.contains("\nt_seconds_sum 80000\nt_seconds_count 40000\n"))
        #expect(text.contains("\nt_seconds_bucket{le=\"2.5\"} 40000\n"))
        #expect(text.contains("\nm 40000\n"))
    }

    @Test("a process's registry tells of memory, descriptors, CPU, start and build")
    func process() throws {
        let registry = PrometheusRegistry(service: "token", version: "1.2.3", revision: "abc")
        var buffer = ByteBuffer(string: "kept ")
        registry.render(into: &buffer)
        let text = String(buffer: buffer)
        #expect(text.hasPrefix("kept # HELP "))
        #expect(text.contains("\ngatehouse_build_info{revision=\"abc\",service=\"token\",version=\"1.2.3\"} 1\n"))
        #expect(text.contains("\ngatehouse_log_records_dropped_total "))
        func value(_ name: String) throws -> Double {
            let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(name + " ") })
            return try #require(Double(line.dropFirst(name.count + 1)))
        }
        #expect(try value("process_resident_memory_bytes") > 1_000_000)
        #expect(try value("process_virtual_memory_bytes") >= value("process_resident_memory_bytes"))
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_threads") >= 1)
        #expect(try value("process_cpu_seconds_total") > 0)
        // Later than 2024, and not in the future.
        #expect(try value("process_start_time_seconds") > 1_704_067_200)
        #expect(try value("process_start_time_seconds") <= ProcessStatistics.seconds(CLOCK_REALTIME))
    }
}
